"""`make corpus CORPUS=DIR`: real tools as plain pages, in the frame and exported, side by side."""
