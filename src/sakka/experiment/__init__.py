"""From a plan to stored predictions: folds, models, resume."""
