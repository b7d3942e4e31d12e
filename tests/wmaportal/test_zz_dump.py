import pytest
from tests import pages
from tests.worlds import *
from tests.wmaportal.test_permission_table import *
def test_dump(world_in_transaction, clients):
    w=world_in_transaction
    known=[l.name for l in pages.lines()]
    rest=sorted(pages.names_of_urls()-{l.url_name for l in pages.lines()})
    for name in known+rest:
        try: address=w.address(name)
        except Exception as e:
            print("NOADDR", name, repr(e)[:150]); continue
        found={v:"" for v in ("GET","POST","PUT","DELETE")}
        for r,c in clients.items():
            for v in found:
                try: found[v]+=letter(ask(c,v,address))
                except Exception as e:
                    found[v]+="!"; print("EXC",name,r,v,repr(e)[:200])
        line=TABLE.get(name)
        ok = line and (found["GET"],found["POST"],found["PUT"],found["DELETE"])==(line.get,line.post,line.other,line.other)
        print("OK " if ok else "ROW", f"{name:38}", *found.values(), "" if ok or not line else f"WANTED {line.get} {line.post} {line.other}")
