"""Names of the arrays that a run hands to the generated modules, in the order of its tuples."""

__all__ = ["GROUP_ARRAYS", "SYNAPSE_ARRAYS"]

# of a group of populations, made by `networks.layout.Group.arrays`
GROUP_ARRAYS = (
    "_X, _A, _V, _C, _nr, _last, _ref, _fired, _lo, _hi, _start, _stream, _ids, _ptr, _acc_row, _acc_mode, _until, "
    "_zero, _every"
)

# of a bundle of projections, made by `networks.bundle.Bundle.arrays`
SYNAPSE_ARRAYS = (
    "_row, _tgt, _src, _Y, _when, _C, _kind, _ckind, _sid, _stream, _base, _ax, _dend, _early, _colptr, _col, "
    "_rpre, _rpost, _racc, _late, _rsum, _summed, _xtr, _ytr, _seg, _due, _book, _rules, _scales, _crule"
)
