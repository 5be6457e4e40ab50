/* Attribute reads of the modules that mypyc compiles, with an inline cache.
 *
 * What a file says is in msgspec structs, whose fields are slots, and a syntax tree's nodes have getters.  The
 * interpreter reads a slot with a cache of its own (LOAD_ATTR_SLOT, PEP 659: the version of the type, and the offset in
 * the object); compiled modules look the descriptor up every time, at ten times the cost, and do it tens of millions of
 * times in a large run.  This does for them what the interpreter does, under the same condition: a version is given to
 * one state of one type only and taken away when the type changes.
 *
 * Included before everything else in the generated files (see hatch_build.py); without it they do the same, slower.
 */
#ifndef DRIFTD_SLOTS_H
#define DRIFTD_SLOTS_H

#if defined(__GNUC__) && __has_include(<CPy.h>) /* not in the stubs that only import a module */

#include <Python.h>
#include <structmember.h>
#include <CPy.h>

#if PY_VERSION_HEX < 0x030F0000 && !defined(Py_GIL_DISABLED)

#ifndef T_OBJECT_EX
#define T_OBJECT_EX Py_T_OBJECT_EX
#endif

#define DRIFTD_NO_VERSION (~0u)
#define DRIFTD_MOST_MISSES 32 /* then it is no slot, or one of too many types: looking for it costs more than it saves */

typedef struct {
    unsigned int version;
    unsigned int misses;
    PyObject *name; /* owned; of a `getattr`, it can be another one each time */
    Py_ssize_t offset;
    getter get; /* instead of the offset */
    void *closure;
} driftd_slot;

static void driftd_fill(driftd_slot *slot, PyTypeObject *type, PyObject *name, getter get, void *closure) {
    Py_INCREF(name);
    Py_XDECREF(slot->name);
    slot->name = name;
    slot->get = get;
    slot->closure = closure;
    slot->version = type->tp_version_tag;
}

static PyObject *driftd_look_up(PyObject *object, PyObject *name, driftd_slot *slot) {
    PyObject *value = PyObject_GetAttr(object, name);
    PyTypeObject *type = Py_TYPE(object);
    if (value == NULL || slot->misses >= DRIFTD_MOST_MISSES) {
        return value;
    }
    slot->misses++;
    if (type->tp_getattro == PyObject_GenericGetAttr && type->tp_version_tag != 0) {
        PyObject *found = _PyType_Lookup(type, name);
        if (found == NULL || (Py_TYPE(found) != &PyMemberDescr_Type && Py_TYPE(found) != &PyGetSetDescr_Type)
            || !PyType_IsSubtype(type, PyDescr_TYPE(found))) {
            return value;
        }
        if (Py_TYPE(found) == &PyMemberDescr_Type) {
            PyMemberDef *member = ((PyMemberDescrObject *)found)->d_member;
            if (member->type == T_OBJECT_EX) {
                slot->offset = member->offset;
                driftd_fill(slot, type, name, NULL, NULL);
            }
        } else {
            PyGetSetDef *property = ((PyGetSetDescrObject *)found)->d_getset;
            if (property->get != NULL) {
                driftd_fill(slot, type, name, property->get, property->closure);
            }
        }
    }
    return value;
}

static inline PyObject *driftd_get(PyObject *object, PyObject *name, driftd_slot *slot) {
    if (__builtin_expect(Py_TYPE(object)->tp_version_tag == slot->version && name == slot->name, 1)) {
        if (slot->get != NULL) {
            return slot->get(object, slot->closure);
        }
        PyObject *value = *(PyObject **)((char *)object + slot->offset);
        if (__builtin_expect(value != NULL, 1)) {
            Py_INCREF(value);
            return value;
        }
    }
    return driftd_look_up(object, name, slot);
}

#undef CPyObject_GetAttr
#define CPyObject_GetAttr(object, name)                      \
    ({                                                       \
        static driftd_slot driftd_here = {DRIFTD_NO_VERSION}; \
        driftd_get((object), (name), &driftd_here);          \
    })

#endif
#endif
#endif
