"""Pure functions over stored predictions: measures, ratios, transitions; nothing here trains."""
