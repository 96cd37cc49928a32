import { useEffect, useRef, useState } from "react";
import type { Failure } from "@/lib/graphql/failure.ts";
import { previewScheme, type Preview } from "../api/labels.ts";
import { inputOf, type LabelFields } from "../model/labelFields.ts";

/** The delay after the last key before a preview is requested, in milliseconds. */
const PAUSE_MS = 300;

type State = {
  /** The last successful response; undefined before the first. */
  readonly preview?: Preview;
  /** The fields for which it was requested. */
  readonly fields?: LabelFields;
  /** Why the latest request failed. */
  readonly failure?: Failure | undefined;
};

/** The preview of a label scheme: requested at once, and after each pause in typing. */
export function usePreview(fullName: string, fields: LabelFields): State {
  const [state, setState] = useState<State>({});
  const isTyped = useRef(false);
  useEffect(() => {
    let here = true;
    const timer = setTimeout(
      () => {
        void previewScheme(inputOf(fullName, fields)).then(({ data: preview, failure }) => {
          // A response for an earlier text is dropped.
          if (!here) return;
          setState((before) => (preview ? { preview, fields } : { ...before, failure }));
        });
      },
      isTyped.current ? PAUSE_MS : 0,
    );
    isTyped.current = true;
    return () => {
      here = false;
      clearTimeout(timer);
    };
  }, [fullName, fields]);
  return state;
}
