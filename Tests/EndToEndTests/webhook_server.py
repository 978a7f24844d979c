"""Takes POSTs on a port of this machine and answers each as told: webhook_server.py PORT FOLDER ANSWER...

An answer is a status, or `hang` for none at all; the last one is for all further requests. Every request becomes a file
FOLDER/<number>-<answer>.json with its body and what is checked of its headers. Port 0 takes a free one; it is printed.
"""

import http.server
import json
import pathlib
import sys
import threading
import time

port, folder, *answers = sys.argv[1:]
lock = threading.Lock()
count = 0


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        global count
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with lock:
            count += 1
            number = count
        answer = answers[min(number, len(answers)) - 1]
        seen = {"body": json.loads(body), "path": self.path, "type": self.headers["Content-Type"],
                "key": self.headers["Idempotency-Key"], "host": self.headers["Host"]}
        name = pathlib.Path(folder) / f"{number:03}-{answer}"
        name.with_suffix(".part").write_text(json.dumps(seen))
        name.with_suffix(".part").rename(name.with_suffix(".json"))
        if answer == "hang":
            time.sleep(60)
            return
        self.send_response(int(answer))
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", int(port)), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
