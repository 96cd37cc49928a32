/** An action of the audit log in words: `move_issue` is `move issue`. */
export const actionWords = (action: string): string => action.replaceAll("_", " ");
