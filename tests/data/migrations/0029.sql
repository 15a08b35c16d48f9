-- Bob's first comment was written on a page.
UPDATE comments SET act = 'web:0123' WHERE id = (SELECT min(id) FROM comments WHERE author_id IS NOT NULL);
