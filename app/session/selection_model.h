// What is selected, shown by every view: one thing, or several whose figures are summed. And what
// the mouse is over, outlined by every view for as long as it is.
#pragma once

#include "core/graph/op.h"

#include <QObject>

#include <vector>

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

    const Selection& current() const { return current_; } ///< The newest of them.
    /// All that is selected, the current one last; empty if it is none.
    const std::vector<Selection>& all() const { return all_; }
    void select(const Selection& selection)
    {
        selectAll(selection.isNone() ? std::vector<Selection>() : std::vector{selection});
    }
    void selectAll(std::vector<Selection> selections)
    {
        if (selections == all_)
            return;
        all_ = std::move(selections);
        current_ = all_.empty() ? Selection() : all_.back();
        Q_EMIT changed();
    }
    /// One more, or one less if it is selected already.
    void toggle(const Selection& selection)
    {
        std::vector<Selection> next = all_;
        if (std::erase(next, selection) == 0 && !selection.isNone())
            next.push_back(selection);
        selectAll(std::move(next));
    }
    /// What a click does: with Ctrl one more or one less, else this alone.
    void choose(const Selection& selection, bool withCtrl)
    {
        withCtrl ? toggle(selection) : select(selection);
    }
    void clear() { select({}); }

    const Selection& hovered() const { return hovered_; }
    void hover(const Selection& selection)
    {
        if (selection == hovered_)
            return;
        hovered_ = selection;
        Q_EMIT hoverChanged();
    }

Q_SIGNALS:
    void changed();
    void hoverChanged();

private:
    std::vector<Selection> all_;
    Selection current_, hovered_;
};

} // namespace alpa::app
