"""Replaces ids and repository names in valid bodies by ones that do not exist; agent runs get an issue
that exists.

A valid body that names an existing issue, lease or piece of work can still be refused with 400, for
example because the issue is closed. What does not exist is answered with 404, so that 400 is only about
the form of the body.
"""

import schemathesis

UNKNOWN = {
    "issueId": "iss_zzzzzz",
    "leaseId": "lea_zzzzzz_zzzzzz",
    "repo": "nobody/nothing",
    "repoFullName": "nobody/nothing",
    "workId": "wrk_zzzzzz",
}

# A run is only recorded for an issue that exists.
KNOWN_ISSUE = "iss_000001"


@schemathesis.hook
def before_call(context, case, kwargs):
    mode = case.meta.generation.mode if case.meta else None
    if not isinstance(case.body, dict) or mode is None or not mode.is_positive:
        return
    for name, unknown in UNKNOWN.items():
        if isinstance(case.body.get(name), str) and case.body[name]:
            case.body[name] = KNOWN_ISSUE if case.operation.path == "/api/agent-runs" else unknown
