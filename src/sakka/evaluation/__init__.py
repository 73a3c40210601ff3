"""Evaluation: nested folds -> stored predictions -> metrics and tables; what the report shows is computed here."""
