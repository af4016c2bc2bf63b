const RETRY_MS = [500, 1000, 2000, 5000];

/** @returns {Promise<void>} */
export const pause = (ms) =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/** How long to wait when something has failed so many times, once at least. */
export const patience = (failures) => RETRY_MS[Math.min(failures, RETRY_MS.length) - 1];
