// The parser's state and steps, shared by its two sources: mlir_parser.cpp (modules, functions,
// aliases) and mlir_statements.cpp (operations and regions). Nothing else includes this.
#pragma once

#include "core/import/mlir_parser.h"
#include "core/import/mlir_reader.h"

#include <string_view>
#include <unordered_map>
#include <vector>

namespace alpa
{

/// One pass over the text. Statements that fail are skipped whole: to the end of their line, or of
/// their braces.
class ModuleParser
{
public:
    ModuleParser(const SourceText& source, DiagnosticSink& sink, const JobControl& control)
        : source_(source)
        , sink_(sink)
        , control_(control)
        , reader_(source.text(), module_)
        , scanner_(reader_.scanner)
    {
        module_.locations.emplace_back(); // kUnknownLocation
    }

    MlirModule parse();

private:
    void parseItem();
    void parseAlias();
    void readResources(std::string_view text);
    void readMesh(size_t begin);
    void resolveResources(std::vector<MlirOp>& ops);
    void parseModuleHead();
    void parseFunction();
    bool readFunctionHead(MlirFunction& function);
    bool readFunctionResults(MlirFunction& function);
    bool readArguments(std::vector<MlirArgument>& arguments, char close);
    bool readArgument(MlirArgument& argument);
    void parseGenericModule();
    MlirFunction functionFrom(MlirOp op);

    void parseBlock(std::vector<MlirOp>& ops, int depth);
    bool readRegion(MlirRegion& region, int depth);
    bool readOp(MlirOp& op, int depth);
    bool readResults(MlirOp& op);
    bool readGenericOp(MlirOp& op, int depth);
    bool readPrettyOp(MlirOp& op, int depth);
    bool readPrettyItem(MlirOp& op, int& parentheses, bool& isDone);
    bool readPrettyWord(MlirOp& op);
    bool readPrettyRegions(MlirOp& op, int depth);
    bool readOpTypes(MlirOp& op);
    bool readOperand(MlirOp& op);
    bool readValueName(uint32_t& name, size_t& offset);

    void report();
    void skipStatement(size_t begin);

    const SourceText& source_;
    DiagnosticSink& sink_;
    const JobControl& control_;
    MlirModule module_;
    MlirReader reader_;
    MlirScanner& scanner_;
    std::unordered_map<std::string_view, uint32_t> names_; // Of the function at hand.
    std::vector<std::string_view> nameSpellings_;
    bool isStopped_ = false;
    size_t statements_ = 0; ///< Read so far, those of regions that were read again included.
    int openModules_ = 0;
};

} // namespace alpa
