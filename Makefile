# make demo   run the examples          make bench   measure
# make test   run the specs             make lint    check the sources
# make docs   make the site             make clean   remove what was made
# make hostile   the specs, where all that can go wrong does
# make check-c   all that compilers and checkers say of the C sources
# make sanitize  a short round under sanitizers; sanitize-long: the whole
# make coverage  which lines the specs run
# make model     the models of model/, checked by spin
# make bench-record   measure, and keep the table as bench/RESULTS.md
# make test-mpi  the specs of mpi/, with an MPI that is installed if need be
# make explore   the library under schedules that are chosen, SCHEDULES of each
# make stress    random programs over everything, for SECONDS, from SEED on
# make fuzz      random sources to kernels, random arguments to everything
# make release   the rocks of the version that CHANGELOG.md begins with, tried
# make install                          install the rock for all programs
#
# demo and test need nothing but make: they install what is missing with the
# system's package manager, and build into .rocks, inside the checkout.
#
# Variables: LUA (the interpreter), LUA_INCDIR (its headers), CC, CFLAGS,
# TREE (instead of .rocks; clean or change it when you change the others),
# SPEC (what `make test` runs; by default all of spec/).

TREE = .rocks
SECONDS = 60
SOURCES := $(shell find csrc lua examples -name '*.[ch]' -o -name '*.lua') \
           $(wildcard *.rockspec) LICENSE tools/build
MPI_SOURCES := $(shell find mpi -name '*.[ch]' -o -name '*.lua') \
               $(wildcard mpi/*.rockspec) mpi/Makefile tools/build-mpi
# The rock threading-mpi, where MPI is.
MPI_ROCK := $(if $(shell command -v mpicc 2>/dev/null),$(TREE)/built-mpi)

.NOTPARALLEL:
.PHONY: demo test bench lint check-c model hostile docs install clean deps rock

demo: rock
	@tools/install-deps --try luasocket zlib
	@tools/demo

test:
	@tools/install-deps busted
	@tools/install-deps --try luasocket luasec curl wrk zlib
	@tools/install-deps --try ldoc cmark-gfm
	@$(MAKE) -s rock
	@$(if $(SPEC),tools/test $(SPEC),tools/specs)

bench: rock
	@tools/install-deps --try luajit
	@tools/bench

.PHONY: bench-record
bench-record: rock
	@tools/install-deps --try luajit
	@tools/bench record

lint:
	@tools/install-deps luacheck ldoc
	@tools/lint

hostile:
	@tools/install-deps busted
	@MAKE="$(MAKE)" tools/hostile

model:
	@tools/model

check-c: deps
	@tools/check-c

.PHONY: sanitize sanitize-long coverage
sanitize:
	@tools/install-deps busted
	@$(MAKE) -s rock
	@tools/sanitize

sanitize-long:
	@tools/install-deps busted
	@$(MAKE) -s rock
	@tools/sanitize long

coverage:
	@tools/install-deps busted
	@tools/coverage/run

.PHONY: fuzz
fuzz: rock
	@fuzz/run $(SECONDS) $(SEED)

.PHONY: explore
explore: rock
	@tools/explore/run $(SCHEDULES) $(SEED)

.PHONY: stress
stress: rock
	@tools/stress/run $(SECONDS) $(SEED)

docs:
	@tools/install-deps ldoc cmark-gfm
	@tools/docs

install: deps
	@tools/build install

.PHONY: release
release: deps
	@tools/release $(URL)

# In a checkout LuaRocks leaves the objects of `luarocks make` beside the
# sources, and the modules in folders that are named after them.
clean:
	rm -rf $(TREE) build doc threading mpi/threading
	find csrc -name "*.o" -exec rm {} +
	rm -f examples/cmodule/*.o examples/cmodule/*.so
	rm -f examples/embed/host luacov.*.out *.rock

rock: $(TREE)/built $(MPI_ROCK)

deps:
	@tools/install-deps

$(TREE)/built: $(SOURCES) | deps
	@tools/build

$(TREE)/built-mpi: $(MPI_SOURCES) $(TREE)/built
	@tools/build-mpi

.PHONY: test-mpi
test-mpi:
	@tools/install-deps busted
	@tools/install-deps --try mpi
	@$(MAKE) -s rock
	@tools/test mpi/spec/*_spec.lua
