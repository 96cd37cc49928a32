export function Kbd({ children }: { readonly children: string }) {
  return (
    <kbd className="inline-flex h-5 min-w-5 items-center justify-center rounded border border-line-strong bg-transparent px-1 font-sans text-[11px] font-medium text-ink-soft">
      {children}
    </kbd>
  );
}
