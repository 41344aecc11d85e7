"""HTML pages: what a module adds to the shell, how a page is routed and how it is rendered. See docs/pages.md."""
