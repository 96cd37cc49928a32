/**
 * The path below which a proxy offers Dispatch: empty without one. Pages lie directly below it; for deeper addresses the
 * server sets the base of the document. Read once, because going to another page changes what relative addresses mean.
 */
export const BASE_PATH = new URL(".", document.baseURI).pathname.replace(/\/$/, "");

/** The address of a resource of Dispatch that is not a page, or of a page outside of a router's link. */
export const underBase = (path: `/${string}`): string => `${BASE_PATH}${path}`;
