import { createElement, forwardRef } from "react";
import { part } from "@/lib/part";

const Whole = part("table", "ui-table");

export const Table = forwardRef((props, ref) =>
  createElement("div", { className: "ui-table-around" }, createElement(Whole, { ...props, ref })));
export const TableHeader = part("thead", "ui-table-header");
export const TableBody = part("tbody", "ui-table-body");
export const TableFooter = part("tfoot", "ui-table-footer");
export const TableRow = part("tr", "ui-table-row");
export const TableHead = part("th", "ui-table-head");
export const TableCell = part("td", "ui-table-cell");
export const TableCaption = part("caption", "ui-quiet ui-table-caption");
