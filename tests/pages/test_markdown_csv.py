from sakka.evaluation.figures import Figure, Table, figure
from sakka.pages.markdown_csv import latex, markdown

ROWS = (
    ("Photo & text_1", figure("fused", "fused", "accuracy", [0.5, 0.7], n=1200)),
    ("A → B", figure("photo", "single", "accuracy", [0.25, 0.75], n=1200)),
)
TABLE = Table("table3", "Every model, 100 %", "“Single” is ± nothing.", ("Model", "Accuracy"), ROWS, strong=0)


def test_a_table_in_latex_has_its_standard_deviations_and_n() -> None:
    assert latex(TABLE).splitlines() == [
        r"\begin{table}",
        r"\caption{\textbf{Every model, 100 \%.} ``Single'' is $\pm$ nothing. (n = 1,200 works, 2 outer folds)}",
        r"\label{tab:table3}",
        r"\begin{tabular}{lr}",
        r"\toprule",
        r"Model & Accuracy \\",
        r"\midrule",
        r"\textbf{Photo \& text\_1} & \textbf{0.60 $\pm$ 0.14} \\",
        r"A $\to$ B & 0.50 $\pm$ 0.35 \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def test_where_n_differs_by_row_it_stands_in_a_column_of_its_own() -> None:
    other = Figure("text", "single", "accuracy", 0.5, None, 30, 2)
    table = Table("t", "T", "", ("Model", "Accuracy"), (*ROWS, ("Text", other)))
    assert markdown(table).splitlines()[-3:] == [
        "| Photo & text\\_1 | 0.60 ± 0.14 | 1,200 |",
        "| A → B | 0.50 ± 0.35 | 1,200 |",
        "| Text | 0.500 | 30 |",
    ]
    assert r"Text & 0.500 & 30 \\" in latex(table)
