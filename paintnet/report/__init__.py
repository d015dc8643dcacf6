"""The report: one page about a run, with its charts, maps and drawings."""
