"""AlphaSMS for coffers: two providers for the same account, `json_api` and `http_api`.

`refusals` holds the words both protocols say no with.
"""
