import http.server
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"hello\n")

    def log_message(self, *args):
        pass


def compute():
    x = 0
    while True:
        x = x ^ 1


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
for _ in range(int(sys.argv[1])):
    threading.Thread(target=compute, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
