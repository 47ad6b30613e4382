/* A Modbus server made of libmodbus, an implementation that shares nothing with ours: "server tcp PORT" or "server rtu DEVICE BAUD".
 * Holding register n holds n, input register n 1000 + n, coil n and discrete input n are set where n is a multiple of 3.
 * There are 200 of each; what lies beyond is refused. It says "ready" when a client may come. */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COUNT = 200 };

int main(int argc, char **argv) {
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    int rtu = argc == 4 && strcmp(argv[1], "rtu") == 0;
    modbus_t *ctx;
    int socket = -1, n, heard;

    if (argc < 3) {
        fprintf(stderr, "usage: server tcp PORT | server rtu DEVICE BAUD\n");
        return 2;
    }
    ctx = rtu ? modbus_new_rtu(argv[2], atoi(argv[3]), 'N', 8, 1) : modbus_new_tcp("127.0.0.1", atoi(argv[2]));
    modbus_mapping_t *held = modbus_mapping_new(COUNT, COUNT, COUNT, COUNT);
    if (ctx == NULL || held == NULL) {
        return 1;
    }
    modbus_set_slave(ctx, 1);
    for (n = 0; n < COUNT; n++) {
        held->tab_registers[n] = (uint16_t)n;
        held->tab_input_registers[n] = (uint16_t)(1000 + n);
        held->tab_bits[n] = held->tab_input_bits[n] = n % 3 == 0;
    }
    if (rtu) {
        if (modbus_connect(ctx) == -1) {
            fprintf(stderr, "%s\n", modbus_strerror(errno));
            return 1;
        }
    } else {
        socket = modbus_tcp_listen(ctx, 1);
        if (socket == -1) {
            fprintf(stderr, "%s\n", modbus_strerror(errno));
            return 1;
        }
    }
    printf("ready\n");
    fflush(stdout);
    for (;;) {
        if (!rtu && modbus_tcp_accept(ctx, &socket) == -1) {
            return 1;
        }
        do {
            heard = modbus_receive(ctx, query);
            if (heard > 0) {
                modbus_reply(ctx, query, heard, held);
            }
        } while (heard != -1 || rtu);
        modbus_close(ctx);
    }
}
