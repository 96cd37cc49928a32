/**
 * The path under which a proxy serves Dispatch; empty without one. It is computed once from the base address of the
 * document, because navigation changes the meaning of relative addresses. For pages that are not directly below it, the
 * server sets the base.
 */
export const BASE_PATH = new URL(".", document.baseURI).pathname.replace(/\/$/, "");

/** The address of a resource of Dispatch, for links and requests that do not go through the router. */
export const underBase = (path: `/${string}`): string => `${BASE_PATH}${path}`;
