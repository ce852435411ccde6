"""The page, the JSON API and the command `serve`: what the monitor knows, shown. Begin with `view` and `board`.

view.py      what all of it needs to know, as one Protocol
stored.py    the answers, from the store, the config and the forecast
board.py     what stands how, and what needs somebody first
words.py     values as a person reads them
drawing.py   curves as SVG
curves.py    sparklines and forecasts, kept
cards.py     what the list says of each account
pages.py     the pages for people; their markup lies in templates/ and static/
api.py       the JSON API; openapi.json describes it
app.py       what is asked for where
guard.py     who may see anything
serving.py   where it is served
command.py   `coffers serve`
"""
