"""Sends one message to each service by Apprise, which has nothing of ours, to the port on the command line.

Where Apprise has a fixed host, its address is replaced. Exits with 3 when Apprise is not installed.
"""

import sys

try:
    import apprise
    from apprise.plugins import discord, pagerduty, slack, telegram
except ImportError:
    sys.exit(3)

base = f"http://127.0.0.1:{sys.argv[1]}"
slack.NotifySlack.webhook_url = f"{base}/services"
discord.NotifyDiscord.notify_url = f"{base}/api/webhooks"
telegram.NotifyTelegram.notify_url = f"{base}/bot"
for region in list(pagerduty.PAGERDUTY_API_LOOKUP):
    pagerduty.PAGERDUTY_API_LOOKUP[region] = f"{base}/v2/enqueue"
for address in sys.argv[2:]:
    # What is answered to it is no concern of the comparison.
    apprise.Apprise.instantiate(address).notify(title="A title", body="A body")
