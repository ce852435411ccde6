"""What one would write with urllib3 alone: one read, its balances as JSON. Arguments: base URL, CA file."""

import json
import os
import sys

import urllib3

base_url, ca_file = sys.argv[1:]
http = urllib3.PoolManager(ca_certs=ca_file) if base_url.startswith("https:") else urllib3.PoolManager()
response = http.request("GET", f"{base_url}/balances", headers={"Authorization": f"Bearer {os.environ['TALLY_KEY']}"})
if response.status != 200:
    sys.exit(f"HTTP {response.status}")
json.dump(json.loads(response.data)["balances"], sys.stdout)
