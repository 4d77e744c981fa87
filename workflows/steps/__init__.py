"""The steps that the runbooks share, a file per subject. Each may be taken twice."""
