"""An index of works: found by style, by words and by what photos look like in words; kept in LanceDB."""
