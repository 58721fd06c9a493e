/* command.h: the commands of the program, one cmd_*.c each. */
#ifndef COMMAND_H
#define COMMAND_H

/* The commands; argv[0] is "clunroll NAME", as messages of getopt_long begin. Each returns an exit code. */
int cmd_apply(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_data(int argc, char **argv);
int cmd_devices(int argc, char **argv);
int cmd_eval(int argc, char **argv);
int cmd_prefixes(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_reproduce(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_solve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_train(int argc, char **argv);
int cmd_worker(int argc, char **argv);

#endif
