// The end of a simulated step alone, for comparing plans by the hundred.
#pragma once

#include "core/schedule/simulate.h"

namespace alpa
{

/// simulate(problem).stepTime, to the last bit, in a third of the time. Fails as simulate() does.
Result<Seconds> simulateStepTime(const SimulationProblem& problem);

} // namespace alpa
