"""Takes the service's webhooks: verifies each with the library of Standard Webhooks and prints it once.

    pip install -r requirements.txt
    WEBHOOK_SECRET=whsec_… python3 receiver.py 9000

It listens on 127.0.0.1 alone; the [[corp.webhook]] that leads here needs `allow_private = true`.
"""

import os
import sys
from collections import OrderedDict
from http.server import BaseHTTPRequestHandler, HTTPServer

from standardwebhooks import Webhook, WebhookVerificationError

BODY_MAX = 64 * 1024
SEEN_MAX = 10_000

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen = OrderedDict()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > BODY_MAX:
            return self.answer(413)
        body = self.rfile.read(length)
        try:
            message = webhook.verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            return self.answer(401)
        if self.headers["webhook-id"] not in seen:
            seen[self.headers["webhook-id"]] = True
            if len(seen) > SEEN_MAX:
                seen.popitem(last=False)
            # Real work belongs behind a queue of your own: answer first.
            print(message["timestamp"], message["type"], message["data"], flush=True)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 9000
    HTTPServer(("127.0.0.1", port), Receiver).serve_forever()
