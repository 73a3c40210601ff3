"""Studies: one-off measurements that a setting or a sentence of the docs rests on (`python -m studies`).

`results/` has a page for each. “Recorded” there names the commit that wrote down figures which were measured before the
pages were; a run from now on says when, at which commit, on what and by which command it was measured. Pages without a
module of their name hold what commands of `sakka` measured.
"""
