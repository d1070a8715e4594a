"""Verifies tokens with PyJWT, knowing the secret and nothing else.

Input on standard input: {"secret": text, "tokens": [text]}.
Prints a list of {"header": ..., "claims": ...} or {"error": name of the exception}.
"""

import json
import sys

import jwt

request = json.load(sys.stdin)
results = []
for token in request["tokens"]:
    try:
        claims = jwt.decode(token, request["secret"], algorithms=["HS256"])
        results.append({"header": jwt.get_unverified_header(token), "claims": claims})
    except jwt.InvalidTokenError as error:
        results.append({"error": type(error).__name__})
json.dump(results, sys.stdout)
