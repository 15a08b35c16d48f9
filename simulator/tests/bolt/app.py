"""A small Bolt app, written as for Slack itself: tasks are asked for in a modal and approved in a conversation.

Started as `app.py socket` or `app.py http` with the address of the Web API and the secrets in the environment.
It prints `ready`, and over HTTP its port, when it can be reached.
"""

import os
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

PROJECTS = ["Apollo", "Apogee", "Borealis"]

app = App(
    client=WebClient(token=os.environ["BOT_TOKEN"], base_url=os.environ["API_URL"] + "/"),
    signing_secret=os.environ["SIGNING_SECRET"],
)

# (channel, ts of the card) of each copy -> the other copy
copies = {}


def plain(text):
    return {"type": "plain_text", "text": text}


def form():
    return {
        "type": "modal",
        "callback_id": "task",
        "title": plain("New task"),
        "submit": plain("Ask"),
        "close": plain("Cancel"),
        "blocks": [
            {
                "type": "input",
                "block_id": "project",
                "label": plain("Project"),
                "element": {"type": "external_select", "action_id": "project_select", "min_query_length": 2},
            },
            {
                "type": "input",
                "block_id": "reason",
                "label": plain("Reason"),
                "element": {"type": "plain_text_input", "action_id": "reason_text", "multiline": True},
            },
        ],
    }


@app.command("/task")
def command(ack, body, client, respond):
    ack()
    if body["text"] == "help":
        respond("Type /task and fill in the form.")
        return
    client.views_open(trigger_id=body["trigger_id"], view=form())


@app.options("project_select")
def projects(ack, payload):
    found = [p for p in PROJECTS if payload["value"].lower() in p.lower()]
    ack(options=[{"text": plain(p), "value": p.lower()} for p in found])


@app.view("task")
def submitted(ack, body, view, client):
    values = view["state"]["values"]
    project = values["project"]["project_select"]["selected_option"]["text"]["text"]
    reason = values["reason"]["reason_text"]["value"]
    if len(reason) < 5:
        ack(response_action="errors", errors={"reason": "Please say a little more."})
        return
    ack()
    asker = body["user"]["id"]
    approver = client.users_lookupByEmail(email="bob@example.com")["user"]["id"]
    text = f"<@{asker}> asks for {project}: {reason}"
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {
            "type": "actions",
            "elements": [{"type": "button", "action_id": "approve", "style": "primary", "text": plain("Approve"), "value": project}],
        },
    ]
    dm = client.conversations_open(users=[approver])["channel"]["id"]
    metadata = {"event_type": "task", "event_payload": {"project": project}}
    card = client.chat_postMessage(channel=dm, text=text, blocks=blocks, metadata=metadata)
    own = client.chat_postMessage(channel=asker, text=f"You asked for {project}.")
    copies[(card["channel"], card["ts"])] = (own["channel"], own["ts"])
    copies[(own["channel"], own["ts"])] = (card["channel"], card["ts"])


@app.action("approve")
def approve(ack, body, client, action):
    ack()
    channel, ts = body["channel"]["id"], body["message"]["ts"]
    text = f"{action['value']} was approved by <@{body['user']['id']}>"
    client.chat_update(channel=channel, ts=ts, text=text, blocks=[{"type": "section", "text": {"type": "mrkdwn", "text": text}}])
    channel, ts = copies[(channel, ts)]
    client.chat_postMessage(channel=channel, thread_ts=ts, text=text)


@app.event("message")
def message(event, client):
    thread = event.get("thread_ts")
    if thread is None or event.get("subtype") or event.get("bot_id"):
        return
    channel, ts = copies[(event["channel"], thread)]
    client.chat_postMessage(channel=channel, thread_ts=ts, text=f"<@{event['user']}> says: {event['text']}")


@app.event("app_home_opened")
def home(event, client):
    if event["tab"] == "home":
        section = {"type": "section", "text": {"type": "mrkdwn", "text": f"Welcome, <@{event['user']}>"}}
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section]})


class Threads(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args):
        pass


if __name__ == "__main__":
    if sys.argv[1] == "socket":
        SocketModeHandler(app, os.environ["APP_TOKEN"]).connect()
        print("ready", flush=True)
        sys.stdin.read()
    else:
        handler = SlackRequestHandler(app, path="/slack/events")
        server = make_server("127.0.0.1", 0, handler, server_class=Threads, handler_class=Quiet)
        print("ready", server.server_port, flush=True)
        server.serve_forever()
