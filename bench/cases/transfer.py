import socket
import threading
import time

ALL, BLOCK = 1 << 30, 1 << 16
server = socket.create_server(("127.0.0.1", 0))
a = socket.create_connection(server.getsockname())
b, _ = server.accept()


def send():
    block = b"x" * BLOCK
    for _ in range(ALL // BLOCK):
        a.sendall(block)
    a.close()


start = time.perf_counter()
sender = threading.Thread(target=send)
sender.start()
got = 0
while got < ALL:
    got += len(b.recv(BLOCK))
sender.join()
print(ALL / (time.perf_counter() - start))
