"""What is measured: each module holds one scenario, `run(bench) -> Section`."""
