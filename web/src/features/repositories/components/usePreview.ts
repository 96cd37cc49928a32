import { useEffect, useRef, useState } from "react";
import type { Failure } from "@/lib/graphql/failure.ts";
import { previewScheme, type Preview } from "../api/labels.ts";
import { inputOf, type LabelFields } from "../model/labelFields.ts";

/** Asked for this long after the last key. */
const PAUSE_MS = 300;

type State = {
  /** The last good answer; undefined before the first. */
  readonly preview?: Preview;
  /** What it was asked for. */
  readonly fields?: LabelFields;
  /** Why the newest answer is none. */
  readonly failure?: Failure | undefined;
};

/** What labels would make of a repository: asked at once, and after each pause in typing. */
export function usePreview(fullName: string, fields: LabelFields): State {
  const [state, setState] = useState<State>({});
  const isTyped = useRef(false);
  useEffect(() => {
    let here = true;
    const timer = setTimeout(
      () => {
        void previewScheme(inputOf(fullName, fields)).then(({ data: preview, failure }) => {
          // An answer to what was typed before is dropped.
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
