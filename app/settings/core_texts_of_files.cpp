// What the core and `alpa run` say of files that cannot be read, of what is wrong in them, and of
// runs that ended, as patterns.
#include "app/settings/core_texts.h"

#include <QCoreApplication>

namespace alpa::app
{

const std::vector<const char*>& filePatterns()
{
    static const std::vector<const char*> patterns = {
        // Files that cannot be read (read_file, import_model).
        QT_TRANSLATE_NOOP("Core", "%1: no such file"),
        QT_TRANSLATE_NOOP("Core", "%1: is a directory, expected a file"),
        QT_TRANSLATE_NOOP("Core", "%1: cannot be opened: %2"),
        QT_TRANSLATE_NOOP("Core", "%1: larger than the limit of %2 bytes"),
        QT_TRANSLATE_NOOP("Core", "%1: the gzip data ends too early, %2 bytes were readable"),
        QT_TRANSLATE_NOOP("Core", "%1: cannot be read: %2"),
        QT_TRANSLATE_NOOP("Core", "%1: cannot be written: %2"),
        QT_TRANSLATE_NOOP("Core", "%1: is empty"),
        QT_TRANSLATE_NOOP("Core", "%1: is MLIR bytecode, which is not supported; %2"),
        QT_TRANSLATE_NOOP("Core", "%1: is a binary file of a format that is not supported; %2"),
        QT_TRANSLATE_NOOP("Core", "%1: holds nothing but spaces; %2"),
        QT_TRANSLATE_NOOP("Core",
                          "%1: is not a model file of a supported format: it begins with '%2'; %3"),
        QT_TRANSLATE_NOOP("Core", "supported are StableHLO text (module @name { ... }), HLO text "
                                  "(HloModule) and ONNX, plain or gzip"),
        // What is wrong in a model file (import_stablehlo, import_hlo, import_onnx).
        QT_TRANSLATE_NOOP("Core",
                          "the file ends inside the module, a '}' is missing: it may be truncated"),
        QT_TRANSLATE_NOOP("Core", "the file ends inside function '@%1': it may be truncated"),
        QT_TRANSLATE_NOOP("Core", "the file ends inside computation '%1': it may be truncated"),
        QT_TRANSLATE_NOOP("Core", "the file has more than %1 operations"),
        QT_TRANSLATE_NOOP("Core", "the file has more than %1 instructions"),
        QT_TRANSLATE_NOOP("Core", "this '}' closes nothing"),
        QT_TRANSLATE_NOOP("Core", "this ')' closes nothing"),
        QT_TRANSLATE_NOOP("Core", "the braces do not match, reading stops here"),
        QT_TRANSLATE_NOOP("Core", "the brackets that begin here are not closed"),
        QT_TRANSLATE_NOOP("Core", "the region that begins here is not closed"),
        QT_TRANSLATE_NOOP("Core", "the string is not closed on its line"),
        QT_TRANSLATE_NOOP("Core", "the operands of '%1' are not closed"),
        QT_TRANSLATE_NOOP("Core", "regions with several blocks are not supported"),
        QT_TRANSLATE_NOOP("Core", "regions nest deeper than %1 levels"),
        QT_TRANSLATE_NOOP("Core", "brackets nest deeper than %1 levels"),
        QT_TRANSLATE_NOOP("Core", "expected a module, a function or an alias"),
        QT_TRANSLATE_NOOP("Core", "expected a function, found '%1'"),
        QT_TRANSLATE_NOOP("Core", "expected %1, but the file ends here"),
        QT_TRANSLATE_NOOP("Core", "expected %1, found '%2'"),
        QT_TRANSLATE_NOOP("Core", "expected the name of an operation"),
        QT_TRANSLATE_NOOP("Core", "expected a type such as f32[4,8]"),
        QT_TRANSLATE_NOOP("Core", "expected an instruction such as 'x.1 = f32[4] add(a.1, b.1)'"),
        QT_TRANSLATE_NOOP(
            "Core", "sizes known only at run time are not supported, export with static shapes"),
        QT_TRANSLATE_NOOP(
            "Core",
            "sizes known only at run time ('?') are not supported, export with static shapes"),
        QT_TRANSLATE_NOOP("Core", "element type '%1' is not supported; supported are %2"),
        QT_TRANSLATE_NOOP("Core", "argument type '%1' is not supported, expected a tensor"),
        QT_TRANSLATE_NOOP("Core", "type '%1' is not supported, expected a tensor"),
        QT_TRANSLATE_NOOP("Core", "value '%1' is not defined before its use"),
        QT_TRANSLATE_NOOP("Core", "value '%1' is defined twice"),
        QT_TRANSLATE_NOOP("Core", "the value is %1 where it is defined, but %2 is expected here"),
        QT_TRANSLATE_NOOP("Core", "function '@%1' is defined twice"),
        QT_TRANSLATE_NOOP("Core", "function '@%1' is not in the file"),
        QT_TRANSLATE_NOOP("Core", "function '@%1' does not return"),
        QT_TRANSLATE_NOOP("Core", "function '@%1' takes %2 arguments, got %3"),
        QT_TRANSLATE_NOOP("Core", "'%1' has %2 results, there is no number %3"),
        QT_TRANSLATE_NOOP("Core", "'%1' has %2 results, but %3 are named"),
        QT_TRANSLATE_NOOP("Core", "'%1' has %2 operands, but %3 operand types"),
        QT_TRANSLATE_NOOP("Core", "'%1' does not name a function"),
        QT_TRANSLATE_NOOP("Core", "'%1' is kept as an opaque operation: %2"),
        QT_TRANSLATE_NOOP("Core", "the operator is not known"),
        QT_TRANSLATE_NOOP("Core", "%1 is not supported"),
        QT_TRANSLATE_NOOP("Core", "constant: brackets are not closed"),
        QT_TRANSLATE_NOOP("Core", "constant: expected %1 values for %2, got %3"),
        QT_TRANSLATE_NOOP("Core", "constant: '%1' is not a value of %2"),
        QT_TRANSLATE_NOOP("Core", "%1: is no ONNX model, or is damaged"),
        QT_TRANSLATE_NOOP("Core", "is no ONNX model, or is damaged"),
        QT_TRANSLATE_NOOP("Core", "is no ONNX model: it has no graph"),
        QT_TRANSLATE_NOOP("Core", "holds 2 GiB or more, which an ONNX file cannot"),
        QT_TRANSLATE_NOOP("Core",
                          "is an ONNX model, and this program was built without libonnx-dev"),
        QT_TRANSLATE_NOOP("Core", "the model has no floating-point output for a loss"),
        QT_TRANSLATE_NOOP("Core", "the whole program is not sound"),
        // Why a run ended (cluster_run, program_run, cpu_backend, host_tiles).
        QT_TRANSLATE_NOOP(
            "Core",
            "devices '%1': the plan is for %2 devices (%3), use %4 or plan for --cluster %5"),
        QT_TRANSLATE_NOOP("Core", "devices '%1': the plan is for %2 devices (%3), use %4"),
        QT_TRANSLATE_NOOP(
            "Core",
            "devices '%1': the plan is for %2 GPUs, this machine has %3; plan for --cluster %4"),
        QT_TRANSLATE_NOOP("Core", "devices '%1': %2"),
        QT_TRANSLATE_NOOP("Core", "no NVIDIA driver on this machine (%1)"),
        QT_TRANSLATE_NOOP("Core", "the run was cancelled"),
        QT_TRANSLATE_NOOP("Core", "the run was stopped"),
        QT_TRANSLATE_NOOP("Core", "the run was ended"),
        QT_TRANSLATE_NOOP("Core", "another device ended the run"),
        QT_TRANSLATE_NOOP("Core",
                          "no device made progress for %1; %2; whoever is elsewhere keeps the "
                          "others waiting, and if nobody is, --watchdog gives the run more time"),
        QT_TRANSLATE_NOOP("Core", "an arena of %1 bytes cannot be allocated"),
        QT_TRANSLATE_NOOP("Core", "input '%1' is missing, expected %2"),
    };
    return patterns;
}

} // namespace alpa::app
