// What is selected: one thing at a time, shown by every view.
#pragma once

#include "core/graph/op.h"

#include <QObject>

namespace alpa::app
{

/// `index` counts in the table of the kind: ops and values of the shown graph, layers, stages,
/// nodes of the scope tree, devices of the cluster, communications of the facts. Plans are no part
/// of it: the shown plan is the selected one.
struct Selection {
    enum class Kind { kNone, kOp, kValue, kLayer, kStage, kScope, kDevice, kCollective };
    Kind kind = Kind::kNone;
    int index = -1;

    static Selection op(OpId id) { return {Kind::kOp, int(id.number)}; }
    static Selection value(ValueId id) { return {Kind::kValue, int(id.number)}; }
    static Selection layer(int number) { return {Kind::kLayer, number}; }
    static Selection stage(int number) { return {Kind::kStage, number}; }
    static Selection scope(int node) { return {Kind::kScope, node}; }
    static Selection device(int number) { return {Kind::kDevice, number}; }
    static Selection collective(int communication) { return {Kind::kCollective, communication}; }
    bool isNone() const { return kind == Kind::kNone; }
    friend bool operator==(const Selection&, const Selection&) = default;
};

class SelectionModel : public QObject
{
    Q_OBJECT

public:
    explicit SelectionModel(QObject* parent = nullptr)
        : QObject(parent)
    {
    }

    const Selection& current() const { return current_; }
    void select(const Selection& selection)
    {
        if (selection == current_)
            return;
        current_ = selection;
        Q_EMIT changed();
    }
    void clear() { select({}); }

Q_SIGNALS:
    void changed();

private:
    Selection current_;
};

} // namespace alpa::app
