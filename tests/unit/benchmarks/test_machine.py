from benchmarks.machine import this_machine, told


def test_a_line_tells_of_the_code_and_of_the_machine():
    line = told(of="a1b2c3")
    machine = this_machine()
    assert line.startswith("commit a1b2c3, ")
    assert f"{machine.processors} processors ({machine.processor})" in line
