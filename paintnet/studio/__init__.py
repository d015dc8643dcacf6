"""What is made from a run or a painting: animation, report, terminal pictures, lessons."""
