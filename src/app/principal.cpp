#include "app/principal.hpp"

namespace app {
namespace {

using base::ErrorKind;
using base::fail;
using port::Scope;

bool has_scope(const Principal& who, Operation operation) {
  switch (operation) {
    case Operation::book:
    case Operation::change:
      return who.scopes.contains(Scope::book) || who.scopes.contains(Scope::operate);
    case Operation::read:
      return who.scopes.contains(Scope::read) || who.scopes.contains(Scope::operate);
    case Operation::operate:
      return who.scopes.contains(Scope::operate);
  }
  return false;
}

}  // namespace

base::Result<> may(const Principal& who, Operation operation) {
  if (has_scope(who, operation)) return {};
  return fail(ErrorKind::denied, "this key does not allow that");
}

base::Result<> may(const Principal& who, Operation operation, const domain::Meeting& meeting) {
  const bool visible = meeting.owner == who.id || who.scopes.contains(Scope::operate);
  if (!visible) return fail(ErrorKind::not_found, "no such meeting");
  return may(who, operation);
}

}  // namespace app
