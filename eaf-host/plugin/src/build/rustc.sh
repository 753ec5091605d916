#!/bin/sh
# Between cargo and rustc: a crate's hash is made of its name, version and kind, not of the folder in which it lies here.
# Those of a registry have one that is the same everywhere.
rustc=$1
shift
case ${CARGO_MANIFEST_DIR-} in
    '' | */registry/src/*) exec "$rustc" "$@" ;;
esac
kind=
before=
for argument; do
    [ "$before" = --crate-type ] && kind=$argument
    before=$argument
done
for argument; do
    shift
    case $argument in
        metadata=*) argument=metadata=$CARGO_PKG_NAME-$CARGO_PKG_VERSION-${CARGO_CRATE_NAME-}-$kind ;;
    esac
    set -- "$@" "$argument"
done
exec "$rustc" "$@"
