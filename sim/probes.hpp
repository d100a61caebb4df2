#pragma once
// Probes: the rare places that a set of seeds has to have been through; one that is never reached
// means that the workload has a hole.

#include <array>
#include <string_view>

namespace sim {

inline constexpr std::array kProbes{
    std::string_view("alarm: a leak"),
    std::string_view("alarm: backlog"),
    std::string_view("alarm: credentials"),
    std::string_view("alarm: passes are silent"),
    std::string_view("book: junk is refused"),
    std::string_view("book: the same request again"),
    std::string_view("book: the same request again, long after"),
    std::string_view("credentials: a call is denied"),
    std::string_view("dns: a name dangles for a while"),
    std::string_view("guest: a scanner pressed Enter"),
    std::string_view("guest: asks for the desktop again"),
    std::string_view("guest: link was rotated"),
    std::string_view("guest: passed the door, no screen"),
    std::string_view("guest: tried a used way in"),
    std::string_view("guest: a viewer comes back by itself"),
    std::string_view("guest: a viewer is back for a moment only"),
    std::string_view("launch: key already used"),
    std::string_view("launch: key of a machine that is gone"),
    std::string_view("launch: no capacity"),
    std::string_view("launch: took effect late"),
    std::string_view("machine: its address moved"),
    std::string_view("machine: ended itself at its deadline"),
    std::string_view("prober: another desktop answers"),
    std::string_view("pace: an end was held back"),
    std::string_view("process: clock jumped, ends are held"),
    std::string_view("mischief: a forged link"),
    std::string_view("mischief: another's meeting"),
    std::string_view("mischief: another body under the same key"),
    std::string_view("mischief: booking that means nothing"),
    std::string_view("mischief: extends too much"),
    std::string_view("mischief: reads a list page by page"),
    std::string_view("organiser: changes it long before the start"),
    std::string_view("put: a newer record stands there"),
    std::string_view("put: a stranger's record stands there"),
    std::string_view("resolver: remembers that there was nothing"),
    std::string_view("start: something overdue ends first"),
    std::string_view("store: a launch budget said no"),
    std::string_view("store: a row cannot be read"),
    std::string_view("store: power was lost in a write"),
    std::string_view("store: somebody else was faster"),
    std::string_view("store: written after it was over"),
    std::string_view("sweep: ended an orphan"),
    std::string_view("sweep: saw a suspect"),
    std::string_view("terminate: again"),
    std::string_view("theme: a crowd"),
    std::string_view("theme: a list leaves out a machine"),
    std::string_view("theme: a list leaves out a machine, and the store is full then"),
    std::string_view("theme: a machine moves while its meeting is about to end"),
    std::string_view("theme: a meeting that is about to end is moved"),
    std::string_view("theme: clocks are far ahead"),
    std::string_view("throttle: a call was refused"),
    std::string_view("throttle: locked out"),
    std::string_view("versions: a row is brought forward"),
    std::string_view("versions: an older one cannot read a row"),
    std::string_view("world: all control planes down for long"),
};

}  // namespace sim
