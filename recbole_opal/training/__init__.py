"""Training in stages on RecBole's own loop, with exact resumption."""
