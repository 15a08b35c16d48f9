-- Who is in a team is asked for every card that an approver gets ("who in the team holds it").
CREATE INDEX people_by_team ON people (team) WHERE team <> '';
