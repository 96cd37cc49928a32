import { cleanup, render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, expect, it, vi } from "vitest";
import { FilterBar, type FacetChoice } from "./FilterBar.tsx";

afterEach(cleanup);

const FACETS: readonly FacetChoice<"state" | "repo">[] = [
  {
    facet: "state",
    name: "State",
    value: "FAILED",
    options: [
      { value: "FAILED", words: "Failed", count: 3 },
      { value: "PENDING", words: "Pending" },
    ],
  },
  { facet: "repo", name: "Repository", value: "", options: [{ value: "acme/tools" }] },
];

it("has a chip for each active filter, which removes the filter", async () => {
  const onChange = vi.fn();
  render(<FilterBar facets={FACETS} onChange={onChange} />);
  expect(screen.getAllByRole("listitem")).toHaveLength(1);
  await userEvent.click(screen.getByRole("button", { name: "Remove filter State Failed" }));
  expect(onChange).toHaveBeenCalledExactlyOnceWith("state", "");
});

it("opens with f, and sets a filter", async () => {
  const onChange = vi.fn();
  render(<FilterBar facets={FACETS} onChange={onChange} />);
  await userEvent.keyboard("f");
  await userEvent.click(screen.getByRole("option", { name: "acme/tools" }));
  expect(onChange).toHaveBeenCalledExactlyOnceWith("repo", "acme/tools");
  expect(screen.queryByRole("listbox")).toBeNull();
});

it("removes a filter that is chosen again", async () => {
  const onChange = vi.fn();
  render(<FilterBar facets={FACETS} onChange={onChange} />);
  await userEvent.click(screen.getByRole("button", { name: "Filter" }));
  await userEvent.click(screen.getByRole("option", { name: /^Failed/ }));
  expect(onChange).toHaveBeenCalledExactlyOnceWith("state", "");
});
