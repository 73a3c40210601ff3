"""Tuning: settings of a model chosen by Optuna on the training and validation parts of one fold."""
