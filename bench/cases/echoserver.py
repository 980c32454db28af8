import socket
import sys
import threading


def compute():
    x = 0
    while True:
        x = x ^ 1


def serve(client):
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    while True:
        data = client.recv(8192)
        if not data:
            break
        client.sendall(data)
    client.close()


def start(target, *args):
    threading.Thread(target=target, args=args, daemon=True).start()


server = socket.create_server(("127.0.0.1", 0), backlog=4096)
for _ in range(int(sys.argv[1])):
    start(compute)
print(server.getsockname()[1], flush=True)
while True:
    client, _ = server.accept()
    start(serve, client)
