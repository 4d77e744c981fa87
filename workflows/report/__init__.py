"""What a run came to, for people who were not there: a document, a page, two pictures. Pure functions of records."""
