"""Tables and figures to HTML, Markdown, CSV and JSON; nothing is computed here."""
