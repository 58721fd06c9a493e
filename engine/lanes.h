/* lanes.h: what the files about lanes share: lanes.c (the set, starting one), lanes_run.c (running them), lanes_validate.c
 * (measuring them and moving them on), lane_checkpoint.c (saving one, going on with it) and lane_prefix.c (starting one at layers
 * that were trained before). */
#ifndef CLU_LANES_H
#define CLU_LANES_H

#include "network.h"
#include "schedule.h"

/* One training. Its weights, moments and activations are in the arena; this is the rest. */
typedef struct lane {
	clu_lane_state state;
	clu_arch arch;
	clu_recipe recipe;
	uint64_t seed;
	uint64_t from_hash; /* of the weights it started from; 0: from nothing */
	char *settings;
	schedule_state schedule;
	uint64_t pass_loaded;  /* pass of the stage whose permutation is on the device, from 1; 0: none */
	clu_nmse latest, best; /* on the validation set; best of the stage */
	double layer_seconds;  /* wall time of the layer in hand */
	uint64_t reused_steps; /* of schedule.steps: made by another training, whose prefix this one started at */
	uint32_t layers_done;
	clu_layer_record record[CLU_LAYERS_MAX];
	clu_error error;
} lane;

/* What the schedule of a lane that was validated asks for: schedule_action bits, and the state to go on in. */
typedef struct lane_move {
	unsigned actions;
	schedule_state next;
} lane_move;

struct clu_lanes {
	clu_device *device;
	arena arena;
	device_samples train, validation, test;
	network_lists training_lists, evaluation_lists;
	bool lists_stale;   /* a lane's place changed since training_lists were set */
	lane *lane;         /* [arena.shape.lanes] */
	lane_place *places; /* scratch, [lanes] */
	uint32_t *due;      /* scratch, [lanes] */
	uint32_t *chosen;   /* scratch, [lanes]: some of the due */
	lane_move *moves;   /* scratch, [lanes] */
	clu_nmse *nmse;     /* scratch, [lanes] */
	bool *finite;       /* scratch, [lanes] */
	uint32_t *order;    /* the permutation that was drawn last … */
	struct {
		uint64_t seed;
		uint32_t layer, stage, pass; /* layer 0: none was */
	} drawn;                         /* … and which: lanes that go side by side often share it */
	step_data *step_data;            /* scratch, [burst][lanes] */
	uint32_t pass_steps;             /* steps in a pass over the training set */
	uint32_t burst;                  /* steps enqueued before a wait; follows the time they take */
	double mark;                     /* when time was last accounted to lanes */
	uint64_t steps, beats;
	double step_seconds;           /* what the steps took */
	double seconds_per_evaluation; /* of the validation set by one lane, the last time; 0: not yet known */
	uint64_t data_hash;
	double scale, gain, lipschitz; /* lipschitz: of the dictionary divided by gain */
	float *dictionary;             /* [m][n] */
	float *w_b, *w_x;              /* a network's weights before any training … */
	double ridge;                  /* … by recipes of this ridge; NaN: none are there yet */
	clu_prefixes *prefixes;        /* NULL: none are used */
};

/* Adds the time since it was last accounted to the lanes that train. */
void lanes_account_time(clu_lanes *lanes);
/* Validates lanes->due[0 … due − 1], which stand on a validation; *ended becomes true when one is DONE or FAILED thereby. */
clu_status lanes_validate(clu_lanes *lanes, uint32_t due, bool *ended, clu_error *error);

/* Uploads what the lane's schedule says of the stage in hand: multipliers and optimiser constants. */
clu_status lane_enter_stage(clu_lanes *lanes, uint32_t slot, clu_error *error);
/* A fresh Adam. */
clu_status lane_fresh_moments(clu_lanes *lanes, uint32_t slot, clu_error *error);
/* Takes over what `training` says; the slot becomes EMPTY until its weights are there. CLU_ARGUMENT where it does not fit. */
clu_status lane_prepare(clu_lanes *lanes, uint32_t slot, const clu_training *training, clu_error *error);

/* A lane's records as numbers, [layers_done][RECORD_VALUES], and back. */
enum { RECORD_VALUES = 6 };
void lane_records_pack(const lane *lane, double *values);
void lane_records_unpack(const double *values, uint32_t count, lane *lane);

/* Moves a lane that has the weights to start with on to its deepest trained prefix, where there is one. */
clu_status lane_prefix_take(clu_lanes *lanes, uint32_t slot, clu_error *error);
/* Keeps what the lane came to at the end of the layer in hand. */
clu_status lane_prefix_keep(clu_lanes *lanes, uint32_t slot, clu_error *error);

#endif
